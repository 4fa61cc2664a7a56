<?php
/**
 * REST route igny8/v1/posts/{key}.
 *
 * @package Igny8\Bridge
 */

namespace Igny8\Bridge\Posts;

use Igny8\Bridge\Plugin;
use Igny8\Bridge\Seo\SeoPlugins;
use WP_Error;
use WP_Post;
use WP_REST_Request;
use WP_REST_Response;
use WP_REST_Server;

/**
 * Reads and writes the post of an article. Delegates validation and permissions of core fields to the core
 * posts controller.
 */
final class PostsController {

	/** Fields passed to the core posts controller. */
	const CORE_FIELDS = array( 'title', 'content', 'excerpt', 'slug', 'status', 'date_gmt', 'featured_media', 'categories', 'tags', 'author' );

	/**
	 * Registers the route.
	 */
	public function register_routes(): void {
		$key = array(
			'type'      => 'string',
			'pattern'   => '^[a-z0-9]+(-[a-z0-9]+)*$',
			'maxLength' => 64,
			'required'  => true,
		);
		register_rest_route(
			Plugin::REST_NAMESPACE,
			'/posts/(?P<key>[a-z0-9-]+)',
			array(
				'args' => array( 'key' => $key ),
				array(
					'methods'             => WP_REST_Server::READABLE,
					'callback'            => array( $this, 'read' ),
					'permission_callback' => array( $this, 'may_write' ),
				),
				array(
					'methods'             => 'PUT',
					'callback'            => array( $this, 'put' ),
					'permission_callback' => array( $this, 'may_write' ),
					'args'                => PostArguments::all(),
				),
			)
		);
	}

	/**
	 * Requires the capability edit_posts. The core posts controller checks permissions for the post itself.
	 *
	 * @return true|WP_Error
	 */
	public function may_write() {
		if ( current_user_can( 'edit_posts' ) ) {
			return true;
		}
		return new WP_Error(
			'rest_cannot_create',
			__( 'Sorry, you are not allowed to create or edit posts as this user.', 'igny8-bridge' ),
			array( 'status' => rest_authorization_required_code() )
		);
	}

	/**
	 * Returns the post of an article in the edit context.
	 *
	 * @param WP_REST_Request $request Request with the parameter key.
	 * @return WP_REST_Response|WP_Error
	 */
	public function read( WP_REST_Request $request ) {
		$post = ClaimedPost::find( $request['key'] );
		if ( ! $post || 'auto-draft' === $post->post_status ) {
			return new WP_Error( 'igny8_no_post', __( 'This article has no post.', 'igny8-bridge' ), array( 'status' => 404 ) );
		}
		$inner = new WP_REST_Request( 'GET', '/wp/v2/posts/' . $post->ID );
		$inner->set_query_params( array( 'context' => 'edit' ) );
		return self::answer( rest_do_request( $inner ), $post, array() );
	}

	/**
	 * Creates or updates the post of an article. Omitted fields keep their values.
	 *
	 * @param WP_REST_Request $request Request with the parameters of PostArguments.
	 * @return WP_REST_Response|WP_Error
	 */
	public function put( WP_REST_Request $request ) {
		$key    = $request['key'];
		$holder = wp_generate_password( 32, false );
		if ( ! Claims::acquire( $key, $holder ) ) {
			$error    = new WP_Error( 'igny8_in_progress', __( 'Another request is updating this post. Try again in a few seconds.', 'igny8-bridge' ), array( 'status' => 409 ) );
			$response = rest_convert_error_to_response( $error );
			$response->header( 'Retry-After', '2' );
			return $response;
		}
		// Releases the article after a fatal error in another plugin, too.
		register_shutdown_function( array( Claims::class, 'release' ), $key, $holder );
		try {
			return $this->write( $request );
		} finally {
			Claims::release( $key, $holder );
		}
	}

	/**
	 * Writes the post. The caller has acquired the article.
	 *
	 * @param WP_REST_Request $request The request passed to put().
	 * @return WP_REST_Response|WP_Error
	 */
	private function write( WP_REST_Request $request ) {
		$post = ClaimedPost::ensure( $request['key'], (int) $request['post_id'] );
		if ( is_wp_error( $post ) ) {
			return $post;
		}
		$conflict = self::conflict( $post, (string) $request['unless_changed'] );
		if ( $conflict ) {
			return $conflict;
		}
		$extras = static function ( $prepared ) use ( $post, $request ) {
			// At this point the request is valid, and SEO plugins have not read their fields yet.
			SeoPlugins::store( $post->ID, (array) $request['seo'] );
			StructuredData::store( $post->ID, $request['schema'] );
			return $prepared;
		};
		$inner  = new WP_REST_Request( 'PUT', '/wp/v2/posts/' . $post->ID );
		$inner->set_body_params( array_intersect_key( $request->get_params(), array_flip( self::CORE_FIELDS ) ) );
		add_filter( 'rest_pre_insert_post', $extras );
		$response = rest_do_request( $inner );
		remove_filter( 'rest_pre_insert_post', $extras );
		if ( ! $response->is_error() ) {
			EditedPosts::unmark( $post->ID );
		}
		return self::answer( $response, $post, $request->get_params() );
	}

	/**
	 * Returns an error if the post must not be overwritten: it is in the Trash, it has changed, or someone is
	 * editing it.
	 *
	 * @param WP_Post $post           The post.
	 * @param string  $unless_changed Hash of the version the caller last read, or an empty string.
	 */
	private static function conflict( WP_Post $post, string $unless_changed ): ?WP_Error {
		if ( 'trash' === $post->post_status ) {
			return new WP_Error( 'igny8_post_trashed', __( 'The post is in the Trash. Restore it to update it.', 'igny8-bridge' ), array( 'status' => 409 ) );
		}
		$texts = implode( "\0", array( $post->post_title, $post->post_content, $post->post_excerpt ) );
		if ( '' !== $unless_changed && ! hash_equals( $unless_changed, hash( 'sha256', $texts ) ) ) {
			return new WP_Error( 'igny8_post_changed', __( 'The post has changed since it was last read.', 'igny8-bridge' ), array( 'status' => 409 ) );
		}
		$editor = self::editor( $post->ID );
		if ( null === $editor ) {
			return null;
		}
		/* translators: %s: display name of a user. */
		$message = sprintf( __( '%s is currently editing this post.', 'igny8-bridge' ), $editor );
		return new WP_Error( 'igny8_post_locked', $message, array( 'status' => 409 ) );
	}

	/**
	 * Returns the display name of the user who is editing the post, or null. This can be the user that igny8
	 * authenticates as.
	 *
	 * @param int $post_id The post ID.
	 */
	private static function editor( int $post_id ): ?string {
		$lock = explode( ':', (string) get_post_meta( $post_id, '_edit_lock', true ) );
		/** This filter is documented in wp-admin/includes/ajax-actions.php. */
		$window = apply_filters( 'wp_check_post_lock_window', 150 ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- a core hook.
		if ( (int) $lock[0] <= time() - $window ) {
			return null;
		}
		$user = get_userdata( (int) ( $lock[1] ?? get_post_meta( $post_id, '_edit_last', true ) ) );
		return $user ? $user->display_name : __( 'Someone', 'igny8-bridge' );
	}

	/**
	 * Builds the response: the post, and a receipt for each field that was sent.
	 *
	 * @param WP_REST_Response $response Response of the core posts controller.
	 * @param WP_Post          $before   The post before it was written.
	 * @param array            $sent     Values by field.
	 * @return WP_REST_Response|WP_Error
	 */
	private static function answer( WP_REST_Response $response, WP_Post $before, array $sent ) {
		if ( $response->is_error() ) {
			return $response->as_error();
		}
		$post    = $response->get_data();
		$created = 'auto-draft' === $before->post_status;
		return new WP_REST_Response(
			array(
				'created'   => $created,
				'post'      => $post,
				'fields'    => Receipt::of( $post, $sent ),
				'edited_by' => self::editor( $before->ID ),
			),
			$created ? 201 : 200
		);
	}
}
