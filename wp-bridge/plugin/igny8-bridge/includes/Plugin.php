<?php
/**
 * Plugin bootstrap.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge;

use Igny8\Bridge\Admin\AdminPage;
use Igny8\Bridge\Admin\PostsColumn;
use Igny8\Bridge\Events\EventsController;
use Igny8\Bridge\Events\Outbox;
use Igny8\Bridge\Events\PostWatcher;
use Igny8\Bridge\Pairing\PairingController;
use Igny8\Bridge\Posts\ClaimedPost;
use Igny8\Bridge\Posts\PostsController;
use Igny8\Bridge\Posts\StructuredData;
use Igny8\Bridge\Status\StatusController;

/**
 * Registers the hooks and REST routes of every component.
 */
final class Plugin {

	const REST_NAMESPACE = 'igny8/v1';

	/**
	 * Registers all hooks. Runs once per request, on plugins_loaded.
	 */
	public static function register_hooks(): void {
		add_action( 'init', array( self::class, 'load_translations' ) );
		add_action( 'rest_api_init', array( self::class, 'register_routes' ) );
		Tables::upgrade();
		StructuredData::register_hooks();
		ClaimedPost::register_hooks();
		PostWatcher::register_hooks();
		Outbox::register_hooks();
		if ( is_admin() ) {
			AdminPage::register_hooks();
			PostsColumn::register_hooks();
		}
	}

	/**
	 * Loads the bundled translations.
	 */
	public static function load_translations(): void {
		load_plugin_textdomain( 'igny8-bridge', false, dirname( plugin_basename( FILE ) ) . '/languages' );
	}

	/**
	 * Registers all routes under igny8/v1.
	 */
	public static function register_routes(): void {
		foreach ( array( new StatusController(), new PairingController(), new PostsController(), new EventsController() ) as $controller ) {
			$controller->register_routes();
		}
		ClaimedPost::register_field();
	}

	/**
	 * Removes the cron events. Stored data stays until the plugin is deleted.
	 */
	public static function deactivate(): void {
		wp_unschedule_hook( Outbox::SEND_HOOK );
		wp_unschedule_hook( Outbox::SWEEP_HOOK );
	}
}
