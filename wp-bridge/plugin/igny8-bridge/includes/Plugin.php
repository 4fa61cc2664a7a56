<?php
/**
 * What the plugin hooks into.
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
 * Starts every component.
 */
final class Plugin {

	const REST_NAMESPACE = 'igny8/v1';

	/**
	 * Hooks the components in; WordPress calls it once a request.
	 */
	public static function start(): void {
		add_action( 'init', array( self::class, 'translate' ) );
		add_action( 'rest_api_init', array( self::class, 'register_routes' ) );
		Tables::upgrade();
		StructuredData::start();
		ClaimedPost::start();
		PostWatcher::start();
		Outbox::start();
		if ( is_admin() ) {
			AdminPage::start();
			PostsColumn::start();
		}
	}

	/**
	 * Loads the translations that come with the plugin.
	 */
	public static function translate(): void {
		load_plugin_textdomain( 'igny8-bridge', false, dirname( plugin_basename( FILE ) ) . '/languages' );
	}

	/**
	 * Registers every route below igny8/v1.
	 */
	public static function register_routes(): void {
		foreach ( array( new StatusController(), new PairingController(), new PostsController(), new EventsController() ) as $controller ) {
			$controller->register_routes();
		}
		ClaimedPost::register_field();
	}

	/**
	 * Leaves no scheduled work behind; what is stored stays until the plugin is deleted.
	 */
	public static function deactivate(): void {
		wp_unschedule_hook( Outbox::SEND_HOOK );
		wp_unschedule_hook( Outbox::SWEEP_HOOK );
	}
}
