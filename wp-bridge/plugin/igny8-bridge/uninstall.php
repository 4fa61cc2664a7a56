<?php
/**
 * Removes everything the plugin stored, except posts.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
	exit;
}

require_once __DIR__ . '/includes/Tables.php';
require_once __DIR__ . '/includes/Events/EventsController.php';
require_once __DIR__ . '/includes/Pairing/Pairing.php';
require_once __DIR__ . '/includes/Posts/ClaimedPost.php';
require_once __DIR__ . '/includes/Posts/EditedPosts.php';
require_once __DIR__ . '/includes/Posts/StructuredData.php';

/**
 * Deletes the plugin's tables, options, post meta and cron events of the current site.
 */
function delete_site_data(): void {
	Tables::drop();
	Pairing\Pairing::forget();
	delete_option( 'igny8_bridge_lost' );
	delete_transient( 'igny8_bridge_down' );
	delete_post_meta_by_key( Posts\StructuredData::META );
	delete_post_meta_by_key( Posts\EditedPosts::META );
	delete_post_meta_by_key( Posts\ClaimedPost::META );
	wp_unschedule_hook( 'igny8_bridge_send' );
	wp_unschedule_hook( 'igny8_bridge_sweep' );
}

if ( is_multisite() ) {
	foreach ( get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	) as $igny8_site ) {
		switch_to_blog( $igny8_site );
		delete_site_data();
		restore_current_blog();
	}
} else {
	delete_site_data();
}
